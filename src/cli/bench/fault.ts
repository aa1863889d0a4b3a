export const benchFault = async (): Promise<never> => {
  throw new Error('todo');
};
