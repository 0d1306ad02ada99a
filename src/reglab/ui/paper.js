// Tells print.css whether the page is dark: Streamlit's tables are pictures, which only a filter makes dark on light.

window.addEventListener("beforeprint", () => {
  const app = document.querySelector('[data-testid="stApp"]');
  document.documentElement.classList.toggle("reglab-dark", getComputedStyle(app).colorScheme === "dark");
});
