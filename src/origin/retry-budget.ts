// May one more request be sent a second time? One in ten, ten at most: resets of a whole origin are not answered with twice the load (SECURITY §8).

export class RetryBudget {
  #tenths = 10;

  earn(): void {
    this.#tenths = Math.min(100, this.#tenths + 1);
  }

  take(): boolean {
    if (this.#tenths < 10) return false;
    this.#tenths -= 10;
    return true;
  }
}
