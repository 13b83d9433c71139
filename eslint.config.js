import tseslint from "typescript-eslint";
import { importDirection } from "./lint/import-direction.js";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "test/fixtures/"] },
  {
    files: ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts", "systems/**/*.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { "@typescript-eslint": tseslint.plugin, windlass: { rules: { "import-direction": importDirection } } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "windlass/import-direction": "error",
    },
  },
);
