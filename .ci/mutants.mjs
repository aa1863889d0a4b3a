import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes controllers/safety/MUTANTS.md from Stryker's reports: the score of each file, and each mutant that survives with
 * the reason that was written beside it by hand. A survivor without a reason is `unexplained`, and the exit code is 1.
 *
 * Lines that begin with `>` are notes of a person and stay. `npm run format` afterwards aligns the tables.
 *
 * Usage: node .ci/mutants.mjs [report.json …]; of a file in several reports the last one counts, and of one in none what
 * the page says, so that a part of the folder can be measured anew by itself.
 */
const PAGE = 'controllers/safety/MUTANTS.md';
const reports = process.argv.slice(2);
if (reports.length === 0) reports.push('coverage/mutation/mutation.json');

const quote = (code) => `\`${code.replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``;
const shorten = (code) => (code.length > 90 ? `${code.slice(0, 87)}…` : code);

/** What a mutant was before, by its place in the source. */
function original(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join('\n');
}

const reasons = new Map();
/** Of each file on the page: its counts, and its survivors. */
const known = new Map();
const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
for (const line of page.split('\n')) {
  const [, place = '', before, after, why, score] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  if (/\.ts$/.test(place) && score) known.set(place, { counts: [before, after, why].map(Number), rows: [] });
  if (!/\.ts:\d+$/.test(place) || !why) continue;
  const name = place.replace(/:\d+$/, '');
  // Where a line has moved since, the reason is that of the first such mutant of its file.
  reasons.set(`${place} ${before} ${after}`, why);
  const moved = `${name} ${before} ${after}`;
  if (!reasons.has(moved)) reasons.set(moved, why);
  known.get(name)?.rows.push(`| ${place} | ${before} | ${after} | ${why} |`);
}

const files = new Map();
for (const report of reports)
  for (const [name, file] of Object.entries(JSON.parse(readFileSync(report, 'utf8')).files)) files.set(name, file);

const notes = page.split('\n').filter((line) => line.startsWith('>'));
const names = readdirSync('controllers/safety', { recursive: true }).filter((name) => name.endsWith('.ts'));
const unmeasured = names.filter((name) => !files.has(`controllers/safety/${name}`) && !known.has(name)).sort();

const scores = [];
const rows = [];
const sum = { killed: 0, timeout: 0, survived: 0, valid: 0 };
/** Counts and survivors of a file in a report. */
function measured(short, { mutants, source }) {
  const count = (...kinds) => mutants.filter((m) => kinds.includes(m.status)).length;
  const alive = mutants.filter((m) => m.status === 'Survived' || m.status === 'NoCoverage');
  return {
    counts: [count('Killed'), count('Timeout'), alive.length],
    rows: alive
      .sort((a, b) => a.location.start.line - b.location.start.line)
      .map((m) => {
        const before = quote(shorten(original(source, m.location)));
        const after = quote(shorten(m.replacement));
        const place = `${short}:${m.location.start.line}`;
        const why = reasons.get(`${place} ${before} ${after}`) ?? reasons.get(`${short} ${before} ${after}`);
        return `| ${place} | ${before} | ${after} | ${why ?? 'unexplained'} |`;
      }),
  };
}

for (const short of names.sort()) {
  const file = files.get(`controllers/safety/${short}`);
  const found = file ? measured(short, file) : known.get(short);
  if (!found) continue;
  const [killed, timeout, survived] = found.counts;
  const valid = killed + timeout + survived;
  if (valid === 0) continue;
  for (const [key, n] of Object.entries({ killed, timeout, survived, valid })) sum[key] += n;
  scores.push([short, killed, timeout, survived, (100 * (killed + timeout)) / valid]);
  rows.push(...found.rows);
}
const unexplained = rows.filter((row) => row.endsWith('| unexplained |')).length;
const total = (100 * (sum.killed + sum.timeout)) / sum.valid;
scores.push(['**all**', sum.killed, sum.timeout, sum.survived, total]);

writeFileSync(
  PAGE,
  `# Mutants

\`npm run mutation\` changes one operator, constant, condition or statement of this folder at a time and runs the tests. Left
out are option descriptions and one-line summaries. This page is written by \`node .ci/mutants.mjs\`; the reasons are written
by hand, and kept by it. Score: **${total.toFixed(1)} %** of ${sum.valid} mutants.
${notes.length > 0 ? `\n${notes.join('\n')}\n` : ''}${unmeasured.length > 0 ? `\nNot measured yet, or without mutants: ${unmeasured.join(', ')}.\n` : ''}
## Score of each file

| file | killed | timed out | survived | score, % |
| --- | --: | --: | --: | --: |
${scores.map(([name, ...n]) => `| ${name} | ${n.slice(0, 3).join(' | ')} | ${n[3].toFixed(1)} |`).join('\n')}

## Those that survive

| where | before | after | why it is harmless |
| --- | --- | --- | --- |
${rows.join('\n')}
`,
);
console.log(`${total.toFixed(2)} % of ${sum.valid} mutants; ${rows.length} survive, ${unexplained} unexplained`);
process.exitCode = unexplained > 0 ? 1 : 0;
