/** What a script could try in a page. */
export type Deed =
  | 'eval'
  | 'new Function'
  | 'setTimeout with text'
  | 'innerHTML'
  | 'document.write'
  | 'a script by its text'
  | 'a script by its address'
  | 'an event handler'
  | 'a worker'
  | 'a policy for Trusted Types'
  | 'a style element'
  | 'a style attribute'
  | 'an image of another origin'
  | 'a frame'
  | 'a base address'
  | 'fetch'
  | 'sendBeacon'
  | 'EventSource'
  | 'WebSocket'
  | 'a form';

/**
 * Tries something in a page. The browser runs this: it can use nothing from outside.
 *
 * @param foreign - the origin of another site
 * @returns `worked`, or the directive of the policy that forbids it
 */
export function attempt({ deed, foreign }: { readonly deed: Deed; readonly foreign: string }): Promise<string> {
  const add = <Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Readonly<Record<string, string>>) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    document.body.append(element);
    return element;
  };
  const loaded = (element: HTMLElement) => new Promise((resolve) => element.addEventListener('load', resolve));
  const mark = 'globalThis.marked = true';
  const isMarked = () => Reflect.get(globalThis, 'marked') === true;
  const isStyled = () => getComputedStyle(document.body).getPropertyValue('--styled') === 'yes';
  const deeds: Readonly<Record<Deed, () => unknown>> = {
    // biome-ignore lint/security/noGlobalEval: the page should not let it happen
    eval: () => globalThis.eval('1') === 1,
    'new Function': () => new Function('return 1')() === 1,
    'setTimeout with text': async () => {
      setTimeout(mark as never);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return isMarked();
    },
    innerHTML: () => {
      document.createElement('p').innerHTML = '<b>text</b>';
      return true;
    },
    'document.write': () => {
      document.write('<p>text</p>');
      return true;
    },
    'a script by its text': () => {
      add('script', {}).text = mark;
      return isMarked();
    },
    'a script by its address': async () => {
      const script = document.createElement('script');
      script.src = `${foreign}/script.js`;
      document.body.append(script);
      await loaded(script);
      return true;
    },
    'an event handler': () => {
      add('button', { onclick: mark }).click();
      return isMarked();
    },
    'a worker': async () => {
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
      await new Promise((resolve) => worker.addEventListener('message', resolve));
      return true;
    },
    'a policy for Trusted Types': () => {
      const factory = Reflect.get(globalThis, 'trustedTypes') as { createPolicy(name: string, rules: object): object };
      return 'name' in factory.createPolicy('mine', {});
    },
    'a style element': () => {
      add('style', {}).append('body { --styled: yes; }');
      return isStyled();
    },
    'a style attribute': () => {
      document.body.setAttribute('style', '--styled: yes');
      return isStyled();
    },
    'an image of another origin': async () => {
      await loaded(add('img', { src: `${foreign}/image.svg` }));
      return true;
    },
    'a frame': async () => {
      await loaded(add('iframe', { src: `${foreign}/` }));
      return true;
    },
    'a base address': () => {
      const base = add('base', { href: `${foreign}/` });
      const isMoved = document.baseURI.startsWith(foreign);
      base.remove();
      return isMoved;
    },
    fetch: async () => (await fetch(`${foreign}/data`)).ok,
    sendBeacon: async () => {
      // It gives true whatever the policy says, which is asked before the next request.
      navigator.sendBeacon(`${foreign}/beacon`, 'text');
      return (await fetch('/')).ok;
    },
    EventSource: async () => {
      const source = new EventSource(`${foreign}/events`);
      await new Promise((resolve) => source.addEventListener('message', resolve));
      source.close();
      return true;
    },
    WebSocket: async () => {
      const socket = new WebSocket(foreign.replace('http:', 'ws:'));
      // Nobody speaks its language there; that something was asked is enough.
      await new Promise((resolve) => socket.addEventListener('close', resolve));
      return true;
    },
    'a form': async () => {
      const frame = document.createElement('iframe');
      frame.name = 'target';
      document.body.append(frame);
      const form = add('form', { action: `${foreign}/form`, method: 'post', target: 'target' });
      const shown = loaded(frame);
      form.submit();
      await shown;
      return true;
    },
  };
  const forbidden = new Promise<string>((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective), {
      once: true,
    });
  });
  const worked = new Promise<string>((resolve) => {
    // In a task of its own: a debugger that calls a function lifts what the policy says of `eval`.
    setTimeout(async () => {
      try {
        if ((await deeds[deed]()) === true) resolve('worked');
      } catch {
        // The policy tells why.
      }
    });
  });
  return Promise.race([forbidden, worked]);
}
