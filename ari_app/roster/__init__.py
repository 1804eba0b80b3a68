"""Who is on call, when and why: from YAML files, as a pure function of the files and an instant."""
