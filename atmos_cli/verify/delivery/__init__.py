"""The parts that all engines share to say how far a commit has come."""
