"""Vector tiles, drawn as small pictures (SVG): read, understood by their schema, drawn, named."""
