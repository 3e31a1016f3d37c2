// A project: a tenant of the API. What belongs to it says so in its spec; how much of each kind it may have is its quota.

/** What is counted: objects, and the members of all its pools. */
export const QUOTA_KINDS = ['listeners', 'pools', 'members', 'vips', 'certificates'] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** A kind that is not named is unlimited. */
export type Quota = Readonly<Partial<Record<QuotaKind, number | undefined>>>;
export type Usage = Readonly<Record<QuotaKind, number>>;

export interface ProjectQuota {
  readonly project: string;
  readonly quota: Quota;
}
