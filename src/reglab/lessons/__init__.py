"""The maths behind the Learn page, computed live: no Streamlit, no drawings."""
