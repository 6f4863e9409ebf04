// JSON schemas in words, and examples of what they describe.

/** Follows a `$ref` inside the document. */
export function resolve(document, value) {
  let found = value;
  for (let depth = 0; found && found.$ref && depth < 10; depth += 1) {
    found = found.$ref.slice(2).split('/').reduce((node, key) => (node ? node[key] : undefined), document);
  }
  return found || {};
}

/** The schema of a value that is there: `null` beside it says no more than that it may be missing. */
function withoutNull(schema) {
  const choices = (schema.anyOf || []).filter((choice) => choice.type !== 'null');
  const isNullable = choices.length < (schema.anyOf || []).length;
  return isNullable && choices.length === 1 ? choices[0] : null;
}

/** The name of the schema that a `$ref` points at. */
export function referenceName(value) {
  return value && value.$ref ? value.$ref.split('/').pop() : null;
}

/** The type, in a few words. */
export function typeName(schema) {
  const name = referenceName(schema);
  if (name) return name;
  if (withoutNull(schema)) return `${typeName(withoutNull(schema))} or null`;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `array of ${typeName(schema.items || {})}`;
  const types = Array.isArray(schema.type) ? schema.type : [schema.type || 'any'];
  const formats = (schema.anyOf || []).map((choice) => choice.format).filter(Boolean);
  const format = schema.format || formats.join(' or ');
  return types.join(' or ') + (format ? ` (${format})` : '');
}

// What the gateway says of any text: everything but U+0000.
const STORABLE = '^[^\\u0000]*$';

/** What else a value has to be, as short phrases. */
export function limits(value) {
  const schema = withoutNull(value) || value;
  const phrases = [];
  const safe = Number.MAX_SAFE_INTEGER;
  if (schema.enum) phrases.push(`one of ${schema.enum.map((choice) => JSON.stringify(choice)).join(', ')}`);
  if (schema.minimum !== undefined && schema.minimum > -safe) phrases.push(`at least ${schema.minimum}`);
  if (schema.maximum !== undefined && schema.maximum < safe) phrases.push(`at most ${schema.maximum}`);
  if (schema.minLength) phrases.push(`at least ${schema.minLength} characters`);
  if (schema.maxLength) phrases.push(`at most ${schema.maxLength} characters`);
  if (schema.pattern && schema.pattern !== STORABLE) phrases.push(`matches ${schema.pattern}`);
  if (schema.default !== undefined) phrases.push(`default ${JSON.stringify(schema.default)}`);
  return phrases;
}

const TEXTS = {
  email: 'name@example.com',
  'date-time': '2024-01-15T10:00:00Z',
  date: '2024-01-15',
  uri: 'https://example.com/',
};

function exampleText(schema, name) {
  const formats = [schema.format, ...(schema.anyOf || []).map((choice) => choice.format)];
  const known = formats.find((format) => format in TEXTS);
  if (known) return TEXTS[known];
  if (/currency/.test(name)) return 'USD';
  if (/code|slug/.test(name)) return 'SUMMER24';
  return name ? name.replace(/_/g, '-') : 'text';
}

/** A value that the schema describes. */
export function example(document, schema, name = '', depth = 0) {
  const whole = resolve(document, schema);
  const found = resolve(document, withoutNull(whole) || whole);
  if (found.example !== undefined) return found.example;
  if ('const' in found) return found.const;
  if (found.default !== undefined) return found.default;
  if (found.enum) return found.enum[0];
  const type = Array.isArray(found.type) ? found.type[0] : found.type;
  if (depth > 5) return null;
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(found.properties || {})
          .filter(([, property]) => !property['x-alias-of'])
          .map(([key, property]) => [key, example(document, property, key, depth + 1)]),
      );
    case 'array':
      return [example(document, found.items || {}, name, depth + 1)];
    case 'integer':
      return Math.max(found.minimum ?? 1, 1);
    case 'number':
      return 49.99;
    case 'boolean':
      return true;
    case 'string':
      return exampleText(found, name);
    default:
      return null;
  }
}

/** The smallest body that is worth showing: what is required, or else one property. */
export function exampleBody(document, schema) {
  const whole = example(document, schema);
  const required = schema.required || [];
  const shown = required.length ? Object.keys(whole).filter((key) => required.includes(key)) : Object.keys(whole).slice(0, 2);
  return Object.fromEntries(shown.map((key) => [key, whole[key]]));
}
