"""The served-log test: what was served against fresh draws that could have been served."""
