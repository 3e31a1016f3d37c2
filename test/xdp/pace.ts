// How much longer programs take than on this machine itself: the guest of test/vm is emulated, about ten times (its README).
export const SLOWER = process.env.GUEST_SHARE === undefined ? 1 : 10;
