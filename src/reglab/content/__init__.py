"""What pages and reports show of runs and sweeps: sentences, tables and the charts they belong to. No Streamlit."""
