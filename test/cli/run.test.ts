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

  it('ends with 1 where it is unclear whether the guard runs first', async () => {
    const { exitCode, text } = await run(['routes', './unclear.mjs'], APPS);
    expect(exitCode).toBe(1);
    expect(text).toContain('GET     /orders  UNCLEAR  orders:read');
    expect(text).toContain('1 route, 1 where something may run before the guard, or go on after it refused.');
  });

  it('ends with 2 where no routes are found, and says what it could not look into', async () => {
    expect(await run(['routes', 'hidden.mjs'], APPS)).toEqual({
      exitCode: 2,
      text: 'No routes were found. These could not be looked into:\n  /api  hiddenRoutes\n',
    });
    expect(await run(['routes', 'hidden.mjs', '--export', 'none'], APPS)).toEqual({
      exitCode: 2,
      text: 'The app has no routes. Does the module export it before they are declared?\n',
    });
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
  it.each([
    [undefined, 'https://orders.example.com'],
    [['https://a.example.com'], 'https://orders.example.com (none for tokens of https://a.example.com)'],
    ['unknown', 'https://orders.example.com (unless an issuer that is found by the function asks for none)'],
  ] as const)('tells which issuers ask for no audience: %j', (issuersWithoutAudience, shown) => {
    const audience = ['https://orders.example.com'];
    const route = { method: 'GET', path: '/a', access: 'guarded', policies: [], policy: '', audience } as const;
    expect(formatRoutes([{ ...route, issuersWithoutAudience }], 'markdown')).toContain(`| guarded |  | ${shown} |`);
  });

  it('counts what is unguarded and what is unclear', () => {
    const route = { method: 'GET', path: '/a', policies: [], policy: '', audience: undefined } as const;
    const text = formatRoutes(
      [
        { ...route, access: 'unguarded' },
        { ...route, access: 'unclear' },
      ],
      'text',
    );
    expect(text).toContain(
      '2 routes, 1 without a guard, 1 where something may run before the guard, or go on after it refused. ' +
        'Give them one, or declare them public by guard.public(). ' +
        'Put the guard first, by app.use() or as the first handler of the route.',
    );
  });

  it('lets no path write into a table of Markdown', () => {
    const route = { method: 'GET', path: '/a|b<c>', access: 'public', policies: [], policy: '', audience: undefined };
    expect(formatRoutes([route as never], 'markdown')).toContain('| GET | /a\\|b\\<c\\> | public |');
  });
});
