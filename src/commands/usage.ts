// What each command takes, as parsed and as printed by --help. DESIGN section 2 "Running it".
import { align } from '../config/align.ts';
import type { FlagTable, Usage } from './flags.ts';

const HELP: FlagTable = { help: { short: 'h', about: 'print this' } };

const CONFIGURATION: FlagTable = {
  config: { short: 'c', value: 'FILE', about: 'the configuration file' },
  origin: { value: 'URL', about: 'the origin of every route that names none' },
  listen: { value: 'ADDRESS', about: 'where clients come in: PORT, :PORT, HOST:PORT or [IPV6]:PORT' },
  admin: { value: 'ADDRESS', about: 'where metrics, purges and inspection are served, or false' },
  workers: { value: 'N', about: 'threads that serve, or auto for as many as there are cores' },
  ...HELP,
};

const ADMIN: FlagTable = {
  admin: { value: 'URL', about: 'the admin address of Freshet (http://127.0.0.1:8081)' },
  token: { value: 'TOKEN', about: 'its Bearer token (or the environment variable FRESHET_ADMIN_TOKEN)' },
  json: { about: 'print the answer as it came' },
  ...HELP,
};

export const USAGES = {
  serve: {
    about: 'proxy and cache (the default command)',
    synopsis: '[serve] --origin URL | --config FILE',
    flags: { ...CONFIGURATION, version: { short: 'v', about: 'print the version' } },
  },
  check: {
    about: 'validate a configuration, explain what it means, and warn of what cannot be meant',
    synopsis: 'check --config FILE [--strict]',
    flags: { strict: { about: 'exit with 2 where there is a warning' }, ...CONFIGURATION },
  },
  purge: {
    about: 'purge by tag, URL, prefix or scope, and say when it is confirmed',
    synopsis: 'purge [TAG …] [--url URL] [--prefix PREFIX] [--scope NAME=VALUE] [--all] [--soft]',
    flags: {
      soft: { about: 'make entries stale instead of gone' },
      url: { value: 'URL', isList: true, about: 'every variant and scope of this URL (http://host/path?query, or /path for any host)' },
      prefix: { value: 'PREFIX', isList: true, about: 'everything below this path' },
      scope: { value: 'NAME=VALUE', isList: true, about: "everything of scopes with this part: authorization='Bearer …', cookie.session=…" },
      all: { about: 'everything' },
      ...ADMIN,
    },
  },
  outbox: {
    about: 'print the SQL of the outbox: its table, functions and a trigger function (events.postgres)',
    synopsis: 'outbox sql [--schema NAME] [--table NAME] [--channel NAME]',
    flags: {
      schema: { value: 'NAME', about: 'where it is (public)' },
      table: { value: 'NAME', about: 'its table (freshet_outbox)' },
      channel: { value: 'NAME', about: 'on which its functions notify (freshet_outbox)' },
      ...HELP,
    },
  },
  explain: {
    about: 'what would happen to a request now, and why',
    synopsis: "explain METHOD URL [-H 'NAME: VALUE' …]",
    flags: { header: { short: 'H', value: "'NAME: VALUE'", isList: true, about: 'a field of the request' }, ...ADMIN },
  },
  events: {
    about: 'test: what would be purged for the events of a file; dead: which could not be taken; replay: have them taken again',
    synopsis: 'events test FILE --config FILE | events dead | events replay ID | events replay --all',
    flags: {
      config: { short: 'c', value: 'FILE', about: 'of test: the configuration file with the rules' },
      all: { about: 'of replay: all of them' },
      source: { value: 'NAME', about: 'of dead and replay: only what came from there (webhook, redis, postgres)' },
      limit: { value: 'N', about: 'of dead: so many at most (100)' },
      ...ADMIN,
    },
  },
  validate: {
    about: 'write and read a system of your own at once, and say what was stale, missed or of another user',
    synopsis: 'validate --config FILE [--json]',
    flags: {
      config: { short: 'c', value: 'FILE', about: 'what is written and read, and by whom (docs/validate.md)' },
      json: { about: 'print the report as JSON' },
      ...HELP,
    },
  },
  map: {
    about: 'which routes emit which tags, who ends them, and what is most likely a mistake',
    synopsis: 'map [--config FILE] [--json | --dot]',
    flags: {
      config: {
        short: 'c',
        value: 'FILE',
        about: 'the map of this configuration alone; without it that of a running Freshet, with what it has seen',
      },
      dot: { about: 'print it for Graphviz' },
      ...ADMIN,
    },
  },
  audit: { about: 'what differs from the origin although no purge has ended it, and how consistent each route is', synopsis: 'audit', flags: ADMIN },
} as const satisfies Readonly<Record<string, Usage>>;

export type CommandName = keyof typeof USAGES;

export const COMMANDS = Object.keys(USAGES);

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(USAGES, name);
}

/** The help of one command; `serve`, which stands for the whole, lists the others too. */
export function helpOf(name: CommandName): string {
  const usage: Usage = USAGES[name];
  const flags = Object.entries(usage.flags).map(([flag, { short, value, about }]) => {
    const written = `--${flag}${value === undefined ? '' : ` ${value}`}`;
    return [`  ${short === undefined ? '   ' : `-${short},`} ${written}`, about];
  });
  const commands = Object.values(USAGES).map(({ synopsis, about }) => `  freshet ${synopsis}\n      ${about}`);
  const head = `freshet ${usage.synopsis}\n${usage.about}`;
  return [head, '', align(flags), ...(name === 'serve' ? ['', 'commands (each has --help)', commands.join('\n')] : [])].join('\n');
}
