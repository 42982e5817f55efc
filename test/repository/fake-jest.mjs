// Stands in for jest: fake-jest.mjs --json --outputFile=FILE report|silent open|closed [folder]
// Reports one test that passed, or nothing; and ends, or stays with a program that it started, whose number is in folder.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const [, , , outputFile, report, end, folder] = process.argv;

if (end === 'open') {
  const program = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  writeFileSync(path.join(folder, 'pid'), `${program.pid}`);
}
if (report === 'report') {
  const file = { name: 'a.test.ts', assertionResults: [{ fullName: 'a test', status: 'passed' }] };
  const counts = { numPassedTests: 1, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  const whole = { ...counts, numRuntimeErrorTestSuites: 0, testResults: [file] };
  writeFileSync(outputFile.replace('--outputFile=', ''), JSON.stringify(whole));
}
