import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/**
 * Leaves out text that only people read: option descriptions and one-line summaries. Causes, names and the sentences of
 * verdicts are an interface and are mutated.
 */
const shouldIgnore = (path) => {
  if (!path.isStringLiteral()) return undefined;
  const { parentPath: parent } = path;
  if (parent.isCallExpression() && path.listKey === 'arguments') {
    const { callee } = parent.node;
    if (callee.type === 'MemberExpression' && callee.property.name === 'describe') return 'a description of an option';
  }
  if (parent.isObjectProperty() && path.key === 'value' && parent.node.key.name === 'summary') return 'a summary';
  return undefined;
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'prose', { shouldIgnore })];
