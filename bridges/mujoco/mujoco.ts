import loadMujoco from '@mujoco/mujoco';

/**
 * A typed façade over `@mujoco/mujoco`, whose arrays are `any`. Two traps are kept in here: views die silently when the
 * WebAssembly heap grows, so every array is read anew at each use and never kept; and `mj_jacSite` writes only into a
 * `DoubleBuffer`, silently nothing into a plain array.
 */
// biome-ignore lint/suspicious/noExplicitAny: the package types all arrays and enums as any
type Raw = any;

let module: Promise<Raw> | null = null;

export class Physics {
  readonly #mj: Raw;
  readonly #model: Raw;
  readonly #data: Raw;
  readonly #jacobianPosition: Raw;
  readonly #jacobianRotation: Raw;
  readonly #product: Raw;
  readonly joints: number;
  /** s */
  readonly timestep: number;

  private constructor(mj: Raw, model: Raw, timestep: number) {
    this.#mj = mj;
    this.#model = model;
    this.#data = new mj.MjData(model);
    this.joints = Number(model.nv);
    this.timestep = timestep;
    this.#jacobianPosition = new mj.DoubleBuffer(3 * this.joints);
    this.#jacobianRotation = new mj.DoubleBuffer(3 * this.joints);
    this.#product = new mj.DoubleBuffer(this.joints);
  }

  /**
   * `timestep` in seconds overrides the file's.
   * @throws Error with MuJoCo's text and line when the MJCF is wrong.
   */
  static async load(mjcf: string, timestep: number): Promise<Physics> {
    module ??= loadMujoco();
    const mj = await module;
    const model = mj.MjModel.from_xml_string(mjcf);
    model.opt.timestep = timestep;
    return new Physics(mj, model, timestep);
  }

  /** Id of a named object. @throws Error when there is none. */
  id(kind: 'body' | 'site', name: string): number {
    const type = { body: 'mjOBJ_BODY', site: 'mjOBJ_SITE' }[kind];
    const id = this.#mj.mj_name2id(this.#model, this.#mj.mjtObj[type].value, name);
    if (id < 0) throw new Error(`the model has no ${kind} named ${name}`);
    return id;
  }

  /** Name of a geom or a joint; empty when it has none. */
  name(kind: 'geom' | 'joint', id: number): string {
    const type = { geom: 'mjOBJ_GEOM', joint: 'mjOBJ_JOINT' }[kind];
    return this.#mj.mj_id2name(this.#model, this.#mj.mjtObj[type].value, id) ?? '';
  }

  /** Bodies that are moved by hand. */
  get mocapCount(): number {
    return Number(this.#model.nmocap);
  }
  get geomCount(): number {
    return Number(this.#model.ngeom);
  }
  /** Gravity along z of the world, m/s²: negative. */
  get gravity(): number {
    return this.#model.opt.gravity[2];
  }

  // Views: valid until the next call that may allocate. Never keep one.
  get geomFriction(): Float64Array {
    return this.#model.geom_friction;
  }
  /** Viscous damping of the joints, Nm s/rad. */
  get jointDamping(): Float64Array {
    return this.#model.dof_damping;
  }
  /** Dry friction of the joints, Nm. */
  get jointFriction(): Float64Array {
    return this.#model.dof_frictionloss;
  }
  /** Force and torque in the world on the centre of mass of each body, `[fx fy fz tx ty tz]` one after another; 0 after a reset. */
  get loads(): Float64Array {
    return this.#data.xfrc_applied;
  }
  get geomPosition(): Float64Array {
    return this.#model.geom_pos;
  }
  get bodyMass(): Float64Array {
    return this.#model.body_mass;
  }
  get bodyInertialPosition(): Float64Array {
    return this.#model.body_ipos;
  }
  get qpos(): Float64Array {
    return this.#data.qpos;
  }
  get qvel(): Float64Array {
    return this.#data.qvel;
  }
  get bias(): Float64Array {
    return this.#data.qfrc_bias;
  }
  get applied(): Float64Array {
    return this.#data.qfrc_applied;
  }
  /** Inputs of the model's actuators. */
  get control(): Float64Array {
    return this.#data.ctrl;
  }
  /** Origins of the bodies in the world, xyz one after another, m. */
  get bodyPosition(): Float64Array {
    return this.#data.xpos;
  }
  get mocapPosition(): Float64Array {
    return this.#data.mocap_pos;
  }
  get sitePosition(): Float64Array {
    return this.#data.site_xpos;
  }
  get siteRotation(): Float64Array {
    return this.#data.site_xmat;
  }
  get sensors(): Float64Array {
    return this.#data.sensordata;
  }

  /** Jacobian of a site, position rows then rotation rows: 6 × joints, row-major, into `out`. */
  jacobian(site: number, out: Float64Array): void {
    this.#mj.mj_jacSite(this.#model, this.#data, this.#jacobianPosition, this.#jacobianRotation, site);
    out.set(this.#jacobianPosition.GetView(), 0);
    out.set(this.#jacobianRotation.GetView(), 3 * this.joints);
  }

  /** Nothing touches. */
  withoutContacts(): void {
    this.#model.opt.disableflags |= this.#mj.mjtDisableBit.mjDSBL_CONTACT.value;
  }
  /** No joint stops at its limit. */
  withoutLimits(): void {
    this.#model.opt.disableflags |= this.#mj.mjtDisableBit.mjDSBL_LIMIT.value;
  }
  /** An unstable simulation shows its NaN, and does not begin anew from the model's zero. */
  withoutAutoReset(): void {
    this.#model.opt.disableflags |= this.#mj.mjtDisableBit.mjDSBL_AUTORESET.value;
  }

  /** Joint-space inertia times `acceleration`, Nm, into `out`. */
  inertiaTimes(acceleration: Float64Array, out: Float64Array): void {
    this.#mj.mj_mulM(this.#model, this.#data, this.#product, acceleration);
    out.set(this.#product.GetView());
  }

  /** Inverse of the joint-space inertia, row-major, into `out`; of the pose of the last `step1` or `forward`. */
  inverseInertia(out: Float64Array): void {
    const n = this.joints;
    const unit = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      unit.fill(0);
      unit[j] = 1;
      this.#mj.mj_solveM(this.#model, this.#data, this.#product, unit);
      out.set(this.#product.GetView(), j * n);
    }
  }

  resetData(): void {
    this.#mj.mj_resetData(this.#model, this.#data);
  }
  forward(): void {
    this.#mj.mj_forward(this.#model, this.#data);
  }
  /** Positions of bodies and sites for the present `qpos`; changes nothing that the next step would not. */
  kinematics(): void {
    this.#mj.mj_kinematics(this.#model, this.#data);
  }
  /** Kinematics, Jacobian and bias forces of the present state; forces may be written before `step2`. */
  step1(): void {
    this.#mj.mj_step1(this.#model, this.#data);
  }
  step2(): void {
    this.#mj.mj_step2(this.#model, this.#data);
  }
  /** A whole step, by the integrator of the model. */
  step(): void {
    this.#mj.mj_step(this.#model, this.#data);
  }

  dispose(): void {
    for (const made of [this.#jacobianPosition, this.#jacobianRotation, this.#product, this.#data, this.#model])
      made.delete();
  }
}
