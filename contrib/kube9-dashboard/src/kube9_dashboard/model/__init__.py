"""What the pages show, made of the API's documents: no Streamlit, no I/O, no clock."""
