"""What every room stands on: errors, findings, ids, settings, logs, YAML documents."""
