// Microsoft's own KQL parser over what comes in on stdin: {service: {"tables": {name: schema}, "queries": {name: text}}}.
// Writes {service: {name: [diagnostic, ...]}}. The folder of node modules is the first argument.
const path = require("node:path");
const parser = path.join(process.argv[2], "@kusto", "language-service-next");
require(path.join(parser, "bridge.min.js"));
require(path.join(parser, "Kusto.Language.Bridge.min.js"));
const { KustoCode, GlobalState, Symbols } = Kusto.Language;

function diagnostics(text, globals) {
  const found = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => {
    const each = found.getItem(index);
    return `${each.Code} at ${each.Start}: ${each.Message}`;
  });
}

function judge({ tables, queries }) {
  const known = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("asked", known));
  return Object.fromEntries(Object.entries(queries).map(([name, text]) => [name, diagnostics(text, globals)]));
}

const asked = JSON.parse(require("node:fs").readFileSync(0, "utf-8"));
const answers = Object.entries(asked).map(([service, questions]) => [service, judge(questions)]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
