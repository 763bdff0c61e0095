import 'reflect-metadata';
import { Controller, type DynamicModule, forwardRef, Get, Module, Post } from '@nestjs/common';
import { AnyStaff, Customer, Public, Shopper, Staff } from './access.decorators.js';
import { controllersOf, faultsOf, routesOf } from './route-rules.js';

const faultOf = (path: string | string[], ...decorators: MethodDecorator[]) => {
  class Probe {
    read() {
      return null;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Probe.prototype, 'read')!;
  for (const decorate of [Get(':id'), ...decorators]) decorate(Probe.prototype, 'read', descriptor);
  Controller(path)(Probe);
  return faultsOf(routesOf([Probe]));
};

describe('who may enter a route', () => {
  it.each([
    ['v1/things', Public()],
    ['v1/things', Shopper()],
    ['v1/things', Customer()],
    ['v1/me/things', Customer()],
    ['v1/admin/things', Staff('orders.read')],
    ['v1/admin/me', AnyStaff()],
    ['v1/administration', Public()],
  ])('is said as it should be: %s', (path, rule) => {
    expect(faultOf(path, rule)).toEqual([]);
  });

  it.each<[string, string | string[], MethodDecorator[], string]>([
    ['nobody', 'v1/things', [], 'GET /v1/things/:id (Probe.read) needs exactly one of'],
    ['two kinds', 'v1/things', [Public(), Customer()], 'GET /v1/things/:id (Probe.read) needs exactly one of'],
    [
      'everybody',
      'v1/admin/things',
      [Public()],
      'GET /v1/admin/things/:id (Probe.read) is below /v1/admin and not for',
    ],
    ['all staff', 'v1/admin/things', [AnyStaff()], 'GET /v1/admin/things/:id (Probe.read) is for staff and names no'],
    ['all staff', 'v1/admin/meters', [AnyStaff()], 'GET /v1/admin/meters/:id (Probe.read) is for staff and names no'],
    ...['v1/reports', 'v2/admin/things', 'docs/admin/x', 'v1/Admin/x', 'v1/administration'].map(
      (path): [string, string, MethodDecorator[], string] => [
        'all staff',
        path,
        [AnyStaff()],
        `GET /${path}/:id (Probe.read) is for staff and names no`,
      ],
    ),
    [
      'staff',
      'v1/admin/things',
      [Staff('' as never)],
      'GET /v1/admin/things/:id (Probe.read) is for staff and names no',
    ],
    ['guests', 'v1/me/things', [Shopper()], 'GET /v1/me/things/:id (Probe.read) is below /v1/me and not for'],
    ['all', ['v1/things', '/v1/admin/things'], [Public()], 'GET /v1/admin/things/:id (Probe.read) is below /v1/admin'],
  ])('is not what is said: %s, %s', (_who, path, rules, fault) => {
    expect(faultOf(path, ...rules)).toEqual([expect.stringContaining(fault)]);
  });

  it('is asked of every controller of modules, however they come by it', async () => {
    const controllers = ['Own', 'Imported', 'Dynamic', 'Later', 'Around'].map((name) => {
      const controller = { [name]: class {} }[name]!;
      Controller(name)(controller);
      return controller;
    });
    const [own, imported, dynamic, later, around] = controllers;
    class Inner {}
    Module({ controllers: [imported!] })(Inner);
    class Shell {}
    Module({})(Shell);
    class Circle {}
    const given: DynamicModule = { module: Shell, controllers: [dynamic!], imports: [Inner] };
    class Outer {}
    Module({
      imports: [given, Promise.resolve({ module: Shell, controllers: [later!] }), forwardRef(() => Circle), Inner],
      controllers: [own!],
    })(Outer);
    Module({ imports: [forwardRef(() => Outer)], controllers: [around!] })(Circle);
    expect(new Set(await controllersOf([Outer]))).toEqual(new Set(controllers));
  });

  it('is asked of inherited routes, too', () => {
    class Base {
      make() {
        return null;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Base.prototype, 'make')!;
    Post()(Base.prototype, 'make', descriptor);
    class Derived extends Base {}
    Controller('v1/derived')(Derived);
    expect(faultsOf(routesOf([Derived]))).toEqual([expect.stringContaining('POST /v1/derived (Derived.make)')]);
  });
});
