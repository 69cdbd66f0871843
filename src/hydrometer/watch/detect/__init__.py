"""Events to clusters: folds, cells, signals, nulls, alarms."""
