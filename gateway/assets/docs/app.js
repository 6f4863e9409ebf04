// Renders /openapi.json. Everything is built from DOM nodes, never from HTML text, so nothing in the document can run.

import { example, exampleBody, limits, referenceName, resolve, typeName } from './schema.js';

// Where the gateway is: this file is one level below it, whatever is in front.
const BASE = new URL('..', import.meta.url);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** A DOM node: `node('a', {href: '#x'}, 'text', otherNode)`. */
function node(name, attributes = {}, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) created.setAttribute(key, value);
  }
  created.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return created;
}

const byId = (id) => document.getElementById(id);

function announce(text) {
  byId('announcement').textContent = text;
}

/** Text in which `backticks` mark code. */
function prose(text) {
  const parts = text.split('`').map((part, index) => (index % 2 ? node('code', {}, part) : part));
  return node('p', {}, parts);
}

function operations(api) {
  const found = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      if (item[method]) found.push({ path, method, ...item[method] });
    }
  }
  return found;
}

function byTag(api) {
  const groups = new Map(api.tags.map((tag) => [tag.name, []]));
  for (const operation of operations(api)) {
    const tag = operation.tags[0];
    if (!groups.has(tag)) groups.set(tag, []);
    groups.get(tag).push(operation);
  }
  return groups;
}

function copyable(text, label) {
  const button = node('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${label}` }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
      announce('Copied');
    } catch {
      announce('Copying is not allowed here');
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  return node('div', { class: 'code' }, node('pre', { tabindex: '0' }, node('code', {}, text)), button);
}

function schemaLink(schema) {
  const name = referenceName(schema.type === 'array' ? schema.items : schema);
  const text = typeName(schema);
  return name ? node('a', { href: `#schema-${name}` }, text) : node('code', {}, text);
}

function fieldRow({ name, place, required, schema, description }) {
  const notes = limits(schema).map((phrase) => node('li', {}, phrase));
  return node('tr', {},
    node('th', { scope: 'row' }, node('code', {}, name), required ? node('span', { class: 'required' }, ' required') : null),
    place ? node('td', {}, place) : null,
    node('td', {}, schemaLink(schema)),
    node('td', {}, description ? prose(description) : null, notes.length ? node('ul', { class: 'limits' }, notes) : null));
}

function fieldTable(caption, fields, withPlace) {
  const heads = ['Name', withPlace ? 'In' : null, 'Type', 'Description'].filter(Boolean);
  return node('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    node('table', {},
      node('caption', {}, caption),
      node('thead', {}, node('tr', {}, heads.map((head) => node('th', { scope: 'col' }, head)))),
      node('tbody', {}, fields.map(fieldRow))));
}

function propertyFields(schema) {
  const required = schema.required || [];
  return Object.entries(schema.properties || {}).map(([name, property]) => ({
    name, schema: property, description: property.description, required: required.includes(name),
  }));
}

const bodySchema = (operation) => operation.requestBody?.content?.['application/json']?.schema;

function curl(api, operation) {
  const quote = (text) => `'${text.replace(/'/g, "'\\''")}'`;
  let path = operation.path;
  const query = [];
  for (const parameter of operation.parameters || []) {
    const value = encodeURIComponent(String(example(api, parameter.schema, parameter.name)));
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, value);
    else if (parameter.required) query.push(`${parameter.name}=${value}`);
  }
  const url = BASE.href.replace(/\/$/, '') + path + (query.length ? `?${query.join('&')}` : '');
  const lines = [`curl ${operation.method === 'get' ? '' : `-X ${operation.method.toUpperCase()} `}${quote(url)}`];
  if (!operation.security || operation.security.length) lines.push('  -H "Authorization: Bearer $API_KEY"');
  if (bodySchema(operation)) {
    lines.push("  -H 'Content-Type: application/json'", `  -d ${quote(JSON.stringify(exampleBody(api, bodySchema(operation))))}`);
  }
  return lines.join(' \\\n');
}

function response(api, status, value) {
  const found = resolve(api, value);
  const schema = found.content?.['application/json']?.schema;
  const summary = node('summary', {}, node('code', { class: status < '400' ? 'good' : 'bad' }, status), ` ${found.description}`);
  if (!schema) return node('p', { class: 'bodyless' }, ...summary.childNodes);
  const sample = JSON.stringify(example(api, schema), null, 2);
  return node('details', {}, summary, copyable(sample, `the example of ${status}`));
}

/** The scope `owner` is no key's, but what keys may do and tokens may not. */
function scopeFact(scope) {
  if (!scope) return null;
  return scope === 'owner' ? 'API key scope: write (not with a token)' : `API key scope: ${scope}`;
}

function operationSection(api, operation) {
  const title = node('h3', {},
    node('span', { class: `method ${operation.method}` }, operation.method.toUpperCase()), ' ',
    node('code', {}, operation.path));
  const section = node('section', { id: operation.operationId, class: 'operation' },
    title, operation.summary ? node('p', { class: 'summary' }, operation.summary) : null,
    operation.description ? prose(operation.description) : null);
  const facts = [
    scopeFact(operation['x-required-scope']),
    operation['x-mcp-tool'] ? `MCP tool: ${operation['x-mcp-tool']}` : null,
  ].filter(Boolean);
  if (facts.length) section.append(node('p', { class: 'facts' }, facts.join(' · ')));
  const parameters = (operation.parameters || []).map((parameter) => ({ ...parameter, place: parameter.in }));
  if (parameters.length) section.append(fieldTable('Parameters', parameters, true));
  if (bodySchema(operation)) section.append(fieldTable('JSON body', propertyFields(bodySchema(operation)), false));
  section.append(node('h4', {}, 'Example'), copyable(curl(api, operation), 'the command'));
  section.append(node('h4', {}, 'Responses'),
    ...Object.entries(operation.responses).map(([status, value]) => response(api, status, value)));
  return section;
}

function schemaSection(api, name, schema) {
  return node('section', { id: `schema-${name}`, class: 'schema' }, node('h3', {}, name),
    schema.description ? prose(schema.description) : null,
    schema.properties ? fieldTable('Properties', propertyFields(schema), false) : node('p', {}, typeName(schema)));
}

function indexEntry(id, text, badge) {
  const words = badge ? [node('span', { class: `method ${badge}` }, badge.toUpperCase()), ` ${text}`] : [text];
  return node('li', { 'data-words': `${id} ${text} ${badge || ''}`.toLowerCase() }, node('a', { href: `#${id}` }, words));
}

function render(api) {
  byId('title').textContent = `${api.info.title} API`;
  document.title = `${api.info.title} API`;
  byId('version').textContent = api.info.version;
  const content = byId('content');
  const index = byId('index');
  content.replaceChildren(...api.info.description.split('\n\n').map(prose));
  for (const [tag, group] of byTag(api)) {
    content.append(node('h2', {}, tag), ...group.map((operation) => operationSection(api, operation)));
    index.append(node('h2', {}, tag), node('ul', {}, group.map((operation) => indexEntry(
      operation.operationId, operation.summary || operation.path, operation.method))));
  }
  const schemas = Object.entries(api.components.schemas);
  content.append(node('h2', {}, 'Schemas'), ...schemas.map(([name, schema]) => schemaSection(api, name, schema)));
  index.append(node('h2', {}, 'Schemas'), node('ul', {}, schemas.map(([name]) => indexEntry(`schema-${name}`, name))));
  // The browser looked for the fragment before it was there.
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  if (target) target.scrollIntoView();
}

function filterIndex() {
  const wanted = byId('filter').value.trim().toLowerCase();
  let shown = 0;
  for (const list of byId('index').querySelectorAll('ul')) {
    for (const entry of list.children) {
      entry.hidden = !entry.dataset.words.includes(wanted);
      shown += entry.hidden ? 0 : 1;
    }
    list.previousElementSibling.hidden = ![...list.children].some((entry) => !entry.hidden);
  }
  announce(`${shown} entries`);
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  byId('theme').setAttribute('aria-pressed', String(dark));
}

function initTheme() {
  const kept = (() => { try { return localStorage.getItem('theme'); } catch { return null; } })();
  setTheme(kept ? kept === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
  byId('theme').addEventListener('click', () => {
    const dark = document.documentElement.dataset.theme !== 'dark';
    setTheme(dark);
    try { localStorage.setItem('theme', dark ? 'dark' : 'light'); } catch { /* it lasts until the page is left */ }
  });
}

async function start() {
  initTheme();
  byId('filter').addEventListener('input', filterIndex);
  try {
    const answer = await fetch(new URL('openapi.json', BASE));
    if (!answer.ok) throw new Error(`it was answered with status ${answer.status}`);
    render(await answer.json());
  } catch (error) {
    byId('state').textContent = `The document cannot be loaded: ${error.message}`;
  }
}

start();
