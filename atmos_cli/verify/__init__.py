"""The verification of a commit: did it arrive, are its pods good, are users worse off, why, and what now. No I/O."""
