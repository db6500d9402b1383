"""The steps, each named for the version that it leads to. A step that was released is never changed."""
