"""What every area stands on: settings, database, blobs, jobs, action, ledger, identity, permissions, events, clock."""
