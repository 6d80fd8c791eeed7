// Before anything is painted, so that a page that was chosen dark does not flash light.
const theme = localStorage.getItem("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
