"""Lawful training: from the answers of a teacher to a student whose every example has a record."""
