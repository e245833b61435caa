// Reads `go test -json` or TAP from stdin, prints what failed and what was skipped and why, and ends with a line
//   tally PASSED FAILED SKIPPED
// A test that only holds others (t.Run, describe) is not counted; its leaves are. What a test logs behind
// "measured: " is printed even where it passed.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin });
const count = { pass: 0, fail: 0, skip: 0 };
const outputs = new Map();
const parents = new Set();
const ends = [];
const failedPackages = new Set();

const indent = (text) => text.replace(/^/gm, '    ').trimEnd();
const keyOf = (event) => `${event.Package ?? event.ImportPath ?? ''} ${event.Test ?? ''}`;

function note(event) {
  const key = keyOf(event);
  outputs.set(key, (outputs.get(key) ?? '') + event.Output);
}

function goEvent(event) {
  if (event.Action === 'output' || event.Action === 'build-output') {
    note(event);
    return;
  }
  if (event.Action === 'run' && event.Test.includes('/')) {
    const at = event.Test.lastIndexOf('/');
    // A subtest's own name may hold a slash: every prefix may be the parent.
    for (let i = at; i > 0; i = event.Test.lastIndexOf('/', i - 1)) {
      parents.add(`${event.Package} ${event.Test.slice(0, i)}`);
    }
    return;
  }
  if (event.Action in count) {
    ends.push(event);
  }
}

function report() {
  for (const event of ends) {
    const key = keyOf(event);
    if (!event.Test) {
      if (event.Action === 'fail' && !failedPackages.has(event.Package)) {
        count.fail++;
        const built = event.FailedBuild ? (outputs.get(`${event.FailedBuild} `) ?? '') : '';
        console.log(`  FAIL  ${event.Package}\n${indent(built + (outputs.get(key) ?? ''))}`);
      }
      continue;
    }
    if (event.Action === 'fail') {
      failedPackages.add(event.Package);
    }
    for (const [, figure] of (outputs.get(key) ?? '').matchAll(/: measured: (.*)/g)) {
      console.log(`  note  ${event.Test}: ${figure}`);
    }
    if (parents.has(key)) {
      // What a parent itself complained of would be lost otherwise.
      if (
        event.Action === 'fail' &&
        !ends.some((e) => e.Action === 'fail' && e.Test?.startsWith(`${event.Test}/`))
      ) {
        count.fail++;
        console.log(`  FAIL  ${event.Test}\n${indent(outputs.get(key) ?? '')}`);
      }
      continue;
    }
    count[event.Action]++;
    if (event.Action === 'fail') {
      console.log(`  FAIL  ${event.Test}\n${indent(outputs.get(key) ?? '')}`);
    } else if (event.Action === 'skip') {
      const why = (outputs.get(key) ?? '').split('\n').filter((line) => !/^\s*(===|---)/.test(line));
      console.log(
        `  skip  ${event.Test}: ${why
          .join(' ')
          .replace(/\s*\S+_test\.go:\d+:\s*/g, ' ')
          .trim()}`,
      );
    }
  }
}

let inTap = false;
let tapFailing = false;
function tap(line) {
  const summary = /^# (pass|fail|skipped|todo|cancelled) (\d+)$/.exec(line);
  if (summary) {
    const name = { pass: 'pass', fail: 'fail', cancelled: 'fail', skipped: 'skip', todo: 'skip' }[summary[1]];
    count[name] += Number(summary[2]);
    return;
  }
  const result = /^\s*(not ok|ok) \d+ - (.*)$/.exec(line);
  if (result) {
    tapFailing = result[1] === 'not ok';
    if (tapFailing || / # SKIP/.test(line)) {
      console.log(`  ${tapFailing ? 'FAIL' : 'skip'}  ${result[2]}`);
    }
  } else if (tapFailing && /^\s/.test(line)) {
    console.log(`  ${line}`);
  }
}

for await (const line of lines) {
  if (line.startsWith('{"')) {
    try {
      goEvent(JSON.parse(line));
      continue;
    } catch {
      // not an event after all
    }
  }
  inTap ||= line.startsWith('TAP version');
  if (inTap) {
    tap(line);
  } else {
    console.log(`  ${line}`);
  }
}
report();
console.log(`tally ${count.pass} ${count.fail} ${count.skip}`);
