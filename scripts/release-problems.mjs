import { dirname, join, normalize } from 'node:path/posix';

/** What only the owner of the package knows, and who needs it. */
const FIELDS = {
  repository: 'npm shows it, and makes the links of the README absolute by it',
  homepage: 'npm shows it',
  bugs: 'npm shows it, and SECURITY.md sends reports to the repository',
  author: 'npm shows it, and the license names the authors',
};

// Pages for whoever has the repository: they link to sources and tests, which are not in the package.
const PAGES_OF_THE_REPOSITORY = [
  'docs/architecture.md',
  'docs/performance.md',
  'docs/security-matrix.md',
  'docs/testing.md',
];

/** Finds fields of package.json that are missing, or hold an address of nobody. */
export function findMissingFields(manifest) {
  return Object.entries(FIELDS).flatMap(([field, why]) => {
    const value = manifest[field];
    if (value === undefined) return [`package.json has no ${field}: ${why}`];
    const text = typeof value === 'string' ? value : (value.url ?? value.name ?? '');
    if (text === '') return [`package.json: ${field} is empty`];
    return /example\.(?:com|org|net)|\.(?:test|example|invalid|localhost)\b/.test(text)
      ? [`package.json: ${field} is an example: ${text}`]
      : [];
  });
}

/** Finds that CHANGELOG.md does not date the version. */
export function findUnreleased(version, changelog) {
  const [, first] = /^## (.+)$/m.exec(changelog) ?? [];
  const expected = new RegExp(`^${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d{2}-\\d{2}\\)$`);
  if (first !== undefined && expected.test(first)) return [];
  return [`CHANGELOG.md: the first section is "${first}" and not "${version} (YYYY-MM-DD)"`];
}

/** Finds links of packed pages that lead to no packed file, or to no heading of it. */
export function findDeadLinks(files, read) {
  const packed = new Set(files);
  const pages = files.filter((path) => path.endsWith('.md') && !path.startsWith('dist/'));
  return pages.flatMap((page) =>
    linksOf(read(page)).flatMap(({ path, heading }) => {
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (!packed.has(target))
        return isOfRepository(page, target) ? [] : [`${page} links to ${target}, which is not packed`];
      if (heading === undefined || !target.endsWith('.md') || headingsOf(read(target)).has(heading)) return [];
      return [`${page} links to ${target}#${heading}, which is no heading`];
    }),
  );
}

function isOfRepository(page, target) {
  return PAGES_OF_THE_REPOSITORY.includes(page) && !target.startsWith('docs/');
}

function linksOf(text) {
  const targets = [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
  return targets
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
    .map((target) => {
      const [path, heading] = target.split('#');
      return { path, heading };
    });
}

/** The anchors of a page, made of its headings as GitHub and npm do. */
function headingsOf(text) {
  const headings = [...withoutCode(text).matchAll(/^#+ +(.+?) *$/gm)].map(([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(text) {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}
