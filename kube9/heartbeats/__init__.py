"""When nodes were heard: how that is judged, recorded, and judged again."""
