"""What people and programs are shown of a run or a reconciliation, from the same rows."""
