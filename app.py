"""LLaDoR in the browser: `streamlit run app.py`. Frame and router only."""

from pages._ui import frame

frame.router().run()
