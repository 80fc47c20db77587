"""What happens to what runs when a change lands, and what of it will be refused: pure."""
