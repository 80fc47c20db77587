import streamlit
from work import work

streamlit.write(work())
