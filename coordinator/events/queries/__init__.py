"""What events there are. Pages, feeds and the map all start from `public.visible_events`."""
