"""The QuickBooks edge: transport, sign-in, faults, names, and documents to JSON and back."""
