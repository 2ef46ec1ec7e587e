// How the shop purges: one request to Freshet's admin listener, awaited before the write is answered.
import type { PurgeTags } from './shop.ts';

export function purgeThrough(adminUrl: string): PurgeTags {
  return async (tags, choice) => {
    const response = await fetch(adminUrl, {
      method: 'PURGE',
      headers: { 'Surrogate-Key': tags.join(' '), ...(choice?.soft === true ? { 'Soft-Purge': '1' } : {}) },
    });
    const receipt = (await response.text()).trim();
    if (response.status !== 200) throw new Error(`the purge was answered ${response.status}: ${receipt}`);
    return receipt;
  };
}
