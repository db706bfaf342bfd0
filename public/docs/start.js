// A file of its own: the page allows no inline script.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  // Without it the document would be sent to a validator elsewhere.
  validatorUrl: null,
  onComplete: () => {
    document.body.dataset.ready = "true";
  },
});
