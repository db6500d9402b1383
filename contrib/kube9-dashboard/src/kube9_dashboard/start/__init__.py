"""What Streamlit is given to run: alone in its directory, for whatever is there can be imported by its bare name."""
