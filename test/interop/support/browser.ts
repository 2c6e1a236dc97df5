const MOST_STEPS = 15;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A page, and where it is. */
interface Page {
  readonly url: URL;
  readonly html: string;
}

/** What a person would type into forms, by the name of the field. */
export type Answers = Readonly<Record<string, string>>;

/**
 * Goes through the pages of an authorization server as a person would: follows redirects, keeps cookies, fills in
 * forms. Gives the URL that it sends the browser to in the end, which is not fetched.
 */
export async function browseTo(redirectUri: string, start: string, answers: Answers): Promise<URL> {
  const cookies = new Map<string, Cookie>();
  let request: [URL, RequestInit] = [new URL(start), {}];
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const [url, options] = request;
    const response = await send(url, options, cookies);
    const location = response.headers.get('location');
    const html = await response.text();
    if (location === null) {
      if (response.status !== 200) throw new Error(`${url.pathname} answered ${response.status}: ${html}`);
      request = submit({ url, html }, answers);
      continue;
    }
    const next = new URL(location, url);
    if (['?', '#'].some((mark) => next.href.startsWith(redirectUri + mark))) return next;
    request = [next, {}];
  }
  throw new Error(`no way to ${redirectUri} within ${MOST_STEPS} steps`);
}

async function send(url: URL, options: RequestInit, cookies: Map<string, Cookie>): Promise<Response> {
  const sent = [...cookies.values()].filter(({ path }) => url.pathname.startsWith(path));
  const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  const response = await fetch(url, { ...options, redirect: 'manual', headers: { cookie } });
  for (const line of response.headers.getSetCookie()) keepCookie(line, cookies);
  return response;
}

/** RFC 6265 §5.2, as far as servers on one origin need it. */
function keepCookie(line: string, cookies: Map<string, Cookie>): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const name = pair.slice(0, pair.indexOf('='));
  const value = pair.slice(pair.indexOf('=') + 1);
  const attribute = (wanted: string) =>
    attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
  const path = attribute('path') ?? '/';
  const expires = attribute('expires');
  const isOver = value === '' || (expires !== undefined && Date.parse(expires) < Date.now());
  if (isOver) cookies.delete(`${name} ${path}`);
  else cookies.set(`${name} ${path}`, { name, value, path });
}

/** Submits the first form of a page: hidden fields as they are, others with the answers, by its first button. */
function submit({ url, html }: Page, answers: Answers): [URL, RequestInit] {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/i.exec(html)?.[0];
  if (form === undefined) throw new Error(`${url.pathname} has no form: ${html}`);
  const tags = [...form.matchAll(/<(?:input|button)\b[^>]*>/gi)].map(([tag]) => tag);
  const fields = new URLSearchParams();
  for (const tag of tags) {
    const name = readAttribute(tag, 'name');
    const value = name === undefined ? undefined : (answers[name] ?? readAttribute(tag, 'value'));
    if (name !== undefined && value !== undefined && !fields.has(name)) fields.append(name, value);
  }
  const target = new URL(readAttribute(form, 'action') ?? url.href, url);
  return [target, { method: 'POST', body: fields }];
}

function readAttribute(tag: string, name: string): string | undefined {
  const opening = tag.slice(0, tag.indexOf('>'));
  const value = new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(opening);
  const text = value?.[1] ?? value?.[2] ?? value?.[3];
  return text?.replaceAll('&amp;', '&').replaceAll('&#x27;', "'");
}
