"""Reading the files people give: text, tables, records and their fields, each fault with its line and column.

Below trace readers, node files and fault files alike; it knows the core's values and nothing else.
"""
