"""Tests of the room that finds, installs, configures and starts Asterisk."""
