import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatRoutes } from '../../src/cli/format-routes.js';
import { run } from '../../src/cli/run.js';

const APPS = fileURLToPath(new URL('apps', import.meta.url));

describe('scopegate routes', () => {
  it('prints a table, and ends well where each route has a guard or is declared public', async () => {
    expect(await run(['routes', 'good.mjs'], APPS)).toEqual({
      exitCode: 0,
      text: [
        'method  path     access   policy       audience',
        'GET     /orders  guarded  orders:read  https://orders.example.com',
        'GET     /health  public',
        '',
        '2 routes: each has a guard or is declared public.',
        '',
      ].join('\n'),
    });
  });

  it('ends with 1 where a route has neither', async () => {
    const { exitCode, text } = await run(['routes', './forgotten.mjs'], APPS);
    expect(exitCode).toBe(1);
    expect(text).toContain('DELETE  /orders/:id  UNGUARDED');
    expect(text).toContain('1 route, 1 without a guard. Give them one, or declare them public by guard.public().');
  });

  it('writes Markdown and JSON', async () => {
    const markdown = await run(['routes', 'good.mjs', '--format', 'markdown'], APPS);
    expect(markdown.text.split('\n')).toEqual([
      '| method | path | access | policy | audience |',
      '| --- | --- | --- | --- | --- |',
      '| GET | /orders | guarded | orders:read | https://orders.example.com |',
      '| GET | /health | public |  |  |',
      '',
    ]);
    const json = await run(['routes', 'forgotten.mjs', '--format', 'json'], APPS);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.text)).toEqual([
      { method: 'DELETE', path: '/orders/:id', access: 'unguarded', policies: [], policy: '' },
    ]);
  });

  it('takes the app by its name, from CommonJS too', async () => {
    const { text, exitCode } = await run(['routes', 'common.cjs', '--export', 'server'], APPS);
    expect([exitCode, text.includes('/common')]).toEqual([1, true]);
  });

  it.each([
    ['no command', [], 'npx scopegate routes MODULE'],
    ['another command', ['paths', 'good.mjs'], 'npx scopegate routes MODULE'],
    ['two modules', ['routes', 'good.mjs', 'empty.mjs'], 'npx scopegate routes MODULE'],
    ['an unknown option', ['routes', 'good.mjs', '--fromat', 'json'], "Unknown option '--fromat'"],
    ['an unknown format', ['routes', 'good.mjs', '--format', 'xml'], 'There is no format "xml".'],
    ['a module that is not there', ['routes', 'nowhere.mjs'], 'nowhere.mjs'],
    ['a module that throws', ['routes', 'broken.mjs'], 'no database'],
    ['a module without an app', ['routes', 'empty.mjs'], 'looked for default and app. Name it by --export.'],
    ['an export that is no app', ['routes', 'empty.mjs', '--export', 'port'], 'looked for port'],
  ])('ends with 2 and says why: %s', async (_, args, problem) => {
    const { exitCode, text } = await run(args, APPS);
    expect(exitCode).toBe(2);
    expect(text).toContain(problem);
  });

  it('explains itself', async () => {
    expect(await run(['--help'], APPS)).toMatchObject({ exitCode: 0, text: expect.stringContaining('--format') });
  });
});

describe('formatRoutes', () => {
  it('lets no path write into a table of Markdown', () => {
    const route = { method: 'GET', path: '/a|b<c>', access: 'public', policies: [], policy: '', audience: undefined };
    expect(formatRoutes([route as never], 'markdown')).toContain('| GET | /a\\|b\\<c\\> | public |');
  });
});
