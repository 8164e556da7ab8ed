// Numbers and what is counted, in English.
const rules = new Intl.PluralRules('en');

export function plural(count: number, one: string, other: string): string {
  return rules.select(count) === 'one' ? `1 ${one}` : `${new Intl.NumberFormat('en').format(count)} ${other}`;
}
