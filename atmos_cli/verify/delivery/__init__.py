"""What all engines share when they are asked how far a commit has come."""
