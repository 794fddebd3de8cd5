// Starts Scalar on our own document. Everything it could ask another host for is off: fonts, proxy, telemetry, agent.
window.addEventListener("load", () => {
  Scalar.createApiReference("#reference", {
    url: "/v1/openapi.json",
    agent: { disabled: true },
    mcp: { disabled: true },
    proxyUrl: "",
    telemetry: false,
    withDefaultFonts: false,
    hideClientButton: true,
    showDeveloperTools: "never",
    persistAuth: false,
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" }, // pragma: allowlist secret
    hideModels: true,
    theme: "none",
  });
});
