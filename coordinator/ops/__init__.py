"""Running the house: health, development mail, measurements."""
